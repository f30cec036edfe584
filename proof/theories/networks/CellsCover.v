(** Rule "cell-pairs": every point of the domain lies in a cell of the tree, and it lies in each whose signs its neurons have. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Networks Streams Integers Rows Domains Elimination Combinations.
From Proof.networks Require Import Dependencies Intervals Pieces Cells.
Import ListNotations.
Open Scope R_scope.

Lemma activated_one : forall s z, is_one s = true -> activated s z = z.
Proof.
  intros s z H. unfold is_one in H. apply Z.eqb_eq in H. unfold activated.
  destruct (Rle_dec 0 z); [reflexivity|]. unfold Q2R. rewrite H. field. apply not_0_IZR. discriminate.
Qed.

(** What a sign chooses; where z is 0, both signs choose well. *)
Lemma activated_signed : forall s z positive, 0 <= signed positive z ->
  factor_right (if positive then 1%Q else s) (s, z).
Proof.
  intros s z positive H. unfold factor_right, activated. cbn [fst snd].
  assert (One : Q2R 1 = 1) by (unfold Q2R; simpl; field). destruct (Rle_dec 0 z) as [P|P]; destruct positive; cbn in H.
  - rewrite One. ring.
  - replace z with 0 by lra. ring.
  - lra.
  - reflexivity.
Qed.

Lemma turned_to_value : forall positive z p, idot (turned_to positive z) p = signed positive (idot z p).
Proof. intros [|] z p; [reflexivity|]. apply idot_opp. Qed.

Lemma signed_times : forall positive d z, signed positive (d * z) = d * signed positive z.
Proof. intros [|] d z; simpl; ring. Qed.

Lemma signed_or : forall z, 0 <= signed true z \/ 0 <= signed false z.
Proof. intro z. simpl. destruct (Rle_or_lt 0 z); [left|right]; lra. Qed.

Lemma signed_not : forall positive z, signed (negb positive) z <= 0 -> 0 <= signed positive z.
Proof. intros [|] z; simpl; lra. Qed.

Lemma signed_negative : forall positive z, 0 < signed (negb positive) z \/ 0 <= signed positive z.
Proof. intros [|] z; simpl; lra. Qed.

Lemma Forall2_same_length : forall A B (R : A -> B -> Prop) l k, Forall2 R l k -> length l = length k.
Proof. induction 1; simpl; congruence. Qed.

Lemma Forall2_reversed : forall A B (R : A -> B -> Prop) l k, Forall2 R l k -> Forall2 R (rev l) (rev k).
Proof. induction 1; cbn [rev]; [constructor|]. apply Forall2_app; [assumption|]. repeat constructor. assumption. Qed.

Lemma Forall2_suffix : forall A B (R : A -> B -> Prop) l k l' k',
  Forall2 R (l ++ k) (l' ++ k') -> length k = length k' -> Forall2 R k k'.
Proof.
  induction l as [|a l IH]; intros k l' k' F L.
  - assert (E := Forall2_same_length _ _ _ _ _ F). cbn [app] in *. rewrite app_length in E.
    destruct l'; [exact F|]. simpl in E. lia.
  - destruct l' as [|b l']; [|inversion F; subst; apply (IH k l' k'); assumption].
    assert (E := Forall2_same_length _ _ _ _ _ F). cbn [app length] in E. rewrite app_length in E. lia.
Qed.

Section Sound.

Variable n : nat.
Variable neurons : Z.
Variable limits : list (list Z).
Variable one_number : Z.
Variable directions : list (list Z).

Let cell_reader := read_cell n neurons limits one_number directions.
Let rows_reader := read_rows n neurons limits one_number.
Let layers_reader := read_layers n neurons limits one_number directions.

(** * The shape of the tree *)

(** Its cells have the signs of the region. *)
Definition grows (read : reader) : Prop :=
  forall P items cells t items' cells', read P items cells = Good (t, items', cells') ->
    made n neurons limits one_number directions t /\
    forall c, leaf t c -> exists news, known (region c) = news ++ known P.

Lemma read_cell_grows : forall rows d, grows (cell_reader rows d).
Proof.
  intros rows d P items cells t items' cells' H. unfold cell_reader, read_cell in H.
  destruct (kernel_of n (map (@tl Z) rows)) eqn:R; [|discriminate].
  destruct items as [|[| |supports] rest]; try discriminate. destruct (Nat.eqb _ _); [|discriminate].
  destruct (bounds_of _ _ _ _ _ _ _) as [intervals|] eqn:B; [|discriminate]. injection H as <- <- <-. split.
  - apply (MadeLeaf _ _ _ _ _ _ _ _ supports); assumption.
  - intros c ->. exists []. reflexivity.
Qed.

Lemma read_rows_grows : forall finish, (forall factors, grows (finish factors)) ->
  forall rows factors, grows (rows_reader rows finish factors).
Proof.
  intros finish F rows. induction rows as [|[z s] rows IH]; intros factors; [apply F|].
  intros P items cells t items' cells' H. unfold rows_reader in *. cbn [read_rows] in H.
  destruct (is_one s); [apply (IH _ _ _ _ _ _ _ H)|].
  assert (Side : forall positive items cells t items' cells',
    read_rows n neurons limits one_number rows finish ((if positive : bool then 1%Q else s) :: factors)
      (with_sign P positive z) items cells = Good (t, items', cells') ->
    made n neurons limits one_number directions t /\
    forall c, leaf t c -> exists news, known (region c) = news ++ known P).
  { intros positive items1 cells1 t1 items1' cells1' H1. destruct (IH _ _ _ _ _ _ _ H1) as [M L].
    split; [exact M|]. intros c C. destruct (L c C) as (news & E). cbn [known with_sign] in E.
    exists (news ++ [(positive, coprime (turned_to positive z))]). rewrite <- app_assoc. exact E. }
  destruct (all_zero z); [apply (Side true _ _ _ _ _ H)|]. destruct items as [|[|positive support|] rest]; try discriminate.
  - destruct (read_rows _ _ _ _ _ _ (1%Q :: factors) _ _ _) as [[[a rest'] k']|] eqn:A; [|discriminate].
    destruct (read_rows _ _ _ _ _ _ (s :: factors) _ _ _) as [[[b rest''] k'']|] eqn:B; [|discriminate].
    injection H as <- <- <-. destruct (Side true _ _ _ _ _ A) as [MA LA]. destruct (Side false _ _ _ _ _ B) as [MB LB].
    split; [apply MadeBranch; assumption|]. intros c [C|C]; auto.
  - destruct (all_functions _ support) as [functions|]; [|discriminate].
    destruct (positive_dependency _); [|discriminate]. apply (Side positive _ _ _ _ _ H).
Qed.

Lemma read_layers_grows : forall layers inputs d, grows (layers_reader layers inputs d).
Proof.
  unfold layers_reader. induction layers as [|L layers IH]; intros inputs d P items cells t items' cells' H;
    cbn [read_layers] in H.
  - apply (read_cell_grows _ _ _ _ _ _ _ _ H).
  - destruct (pre_activations n L inputs d) as [rows e].
    refine (read_rows_grows _ _ _ _ _ _ _ _ _ _ H). intros factors P0 items0 cells0 t0 items0' cells0' H0. cbv beta in H0.
    destruct (activations rows e (rev factors)) as [[rows' e']|]; [|discriminate]. apply (IH _ _ _ _ _ _ _ _ H0).
Qed.

(** * The points *)

Variable x : point.
Let p : point := cons 1 x.
Hypothesis limits_hold : forall f, In f limits -> 0 <= idot f p.

(** If the pre-activations so far are [seen], those that follow are [coming] and the output is v: the point lies in a cell, and
    in each that has the signs of its neurons. *)
Definition follows (read : reader) (coming : list R) (v : point) : Prop :=
  forall P seen items cells t items' cells', Forall2 (kept p) (known P) seen -> read P items cells = Good (t, items', cells') ->
    (exists c, leaf t c /\ lies_in p c (rev coming ++ seen) v) /\
    forall c, leaf t c -> Forall2 fits (known (region c)) (rev coming ++ seen) -> lies_in p c (rev coming ++ seen) v.

Lemma read_cell_follows : forall rows d v, values_at p d rows v -> follows (cell_reader rows d) [] v.
Proof.
  intros rows d v V P seen items cells t items' cells' K H. unfold cell_reader, read_cell in H.
  destruct (kernel_of n (map (@tl Z) rows)) eqn:R; [|discriminate].
  destruct items as [|[| |supports] rest]; try discriminate. destruct (Nat.eqb _ _); [|discriminate].
  destruct (bounds_of _ _ _ _ _ _ _) as [intervals|]; [|discriminate]. injection H as <- <- <-.
  assert (Y : lies_in p (Cell P rows d) (rev [] ++ seen) v) by (split; assumption). split.
  - exists (Cell P rows d). split; [reflexivity|exact Y].
  - intros c -> _. exact Y.
Qed.

Lemma with_sign_kept : forall P seen positive z e r, Forall2 (kept p) (known P) seen -> 0 < IZR e -> idot z p = IZR e * r ->
  0 <= signed positive r -> Forall2 (kept p) (known (with_sign P positive z)) (r :: seen).
Proof.
  intros P seen positive z e r K E Z S. constructor; [|exact K]. split; [exact S|]. cbn [fst snd].
  destruct (coprime_spec (turned_to positive z)) as (f & F & C). exists (f / IZR e).
  split; [apply Rdiv_lt_0_compat; assumption|]. specialize (C p). rewrite turned_to_value, Z, signed_times in C.
  apply Rmult_eq_reg_l with (IZR e); [|lra]. rewrite C. field. lra.
Qed.

(** The support of a neuron with one sign shows that it has this one. *)
Lemma one_sign : forall P seen positive support functions z, Forall2 (kept p) (known P) seen ->
  all_functions (function_of n neurons limits one_number P) support = Good functions ->
  positive_dependency (turned_to (negb positive) z :: functions) = true -> 0 <= signed positive (idot z p).
Proof.
  intros P seen positive support functions z K F D.
  destruct (signed_negative positive (idot z p)) as [S|S]; [|exact S].
  apply signed_not. rewrite <- turned_to_value. right.
  apply (positive_dependency_sound _ p D); [|left; reflexivity]. intros f [<-|I].
  - rewrite turned_to_value. lra.
  - apply (functions_nonnegative n neurons limits one_number x limits_hold P seen support functions K F f I).
Qed.

(** A row of a layer, with its slope, at the point. *)
Definition row_at (e : Z) (row : list Z * Q) (a : Q * R) : Prop := snd row = fst a /\ idot (fst row) p = IZR e * snd a.

Lemma read_rows_follows : forall e finish coming v, 0 < IZR e -> (forall factors, grows (finish factors)) ->
  forall rows l, Forall2 (row_at e) rows l -> forall factors past, Forall2 factor_right factors past ->
    (forall factors', Forall2 factor_right factors' (rev l ++ past) -> follows (finish factors') coming v) ->
  follows (rows_reader rows finish factors) (neurons_in l ++ coming) v.
Proof.
  intros e finish coming v E G rows l A.
  induction A as [|[z s] [s' r] rows l ZA _ IH]; intros factors past FR FF; [apply FF, FR|].
  destruct ZA as [ES Z]. cbn [fst snd] in ES, Z. subst s.
  intros P seen items cells t items' cells' K H. unfold rows_reader in *. cbn [read_rows] in H.
  assert (FF' : forall factors', Forall2 factor_right factors' (rev l ++ (s', r) :: past) -> follows (finish factors') coming v).
  { intros factors' F. apply FF. cbn [rev]. rewrite <- app_assoc. exact F. }
  unfold neurons_in. cbn [filter fst]. destruct (is_one s') eqn:O; cbn [negb].
  { assert (F1 : factor_right 1 (s', r)) by (unfold factor_right; rewrite activated_one by exact O; unfold Q2R; simpl; field).
    apply (IH (1%Q :: factors) ((s', r) :: past) ltac:(constructor; assumption) FF' P seen _ _ _ _ _ K H). }
  fold (neurons_in l). cbn [map snd]. change (map snd (filter (fun a : Q * R => negb (is_one (fst a))) l)) with (neurons_in l).
  cbn [app rev]. rewrite <- app_assoc. cbn [app].
  assert (Side : forall positive items cells t items' cells',
    read_rows n neurons limits one_number rows finish ((if positive : bool then 1%Q else s') :: factors)
      (with_sign P positive z) items cells = Good (t, items', cells') ->
    (0 <= signed positive r -> exists c, leaf t c /\ lies_in p c (rev (neurons_in l ++ coming) ++ r :: seen) v) /\
    forall c, leaf t c -> Forall2 fits (known (region c)) (rev (neurons_in l ++ coming) ++ r :: seen) ->
      lies_in p c (rev (neurons_in l ++ coming) ++ r :: seen) v).
  { intros positive items1 cells1 t1 items1' cells1' H1.
    assert (Y : 0 <= signed positive r ->
      (exists c, leaf t1 c /\ lies_in p c (rev (neurons_in l ++ coming) ++ r :: seen) v) /\
      forall c, leaf t1 c -> Forall2 fits (known (region c)) (rev (neurons_in l ++ coming) ++ r :: seen) ->
        lies_in p c (rev (neurons_in l ++ coming) ++ r :: seen) v).
    { intro S. assert (F1 := activated_signed s' r positive S).
      refine (IH _ ((s', r) :: past) _ FF' (with_sign P positive z) (r :: seen) _ _ _ _ _ _ H1).
      - constructor; assumption.
      - apply (with_sign_kept P seen positive z e r K E Z S). }
    split; [intro S; apply Y, S|]. intros c C F. apply Y; [|exact C|exact F].
    destruct (read_rows_grows finish G rows _ _ _ _ _ _ _ H1) as [_ N]. destruct (N c C) as (news & EN). rewrite EN in F.
    apply Forall2_suffix in F; [|cbn [known with_sign length]; f_equal; apply (Forall2_same_length _ _ _ _ _ K)].
    inversion F; assumption. }
  destruct (all_zero z) eqn:AZ.
  { destruct (Side true _ _ _ _ _ H) as [Y1 Y2]. split; [|exact Y2]. apply Y1. simpl. right.
    apply (all_zero_value z p) in AZ. rewrite AZ in Z. symmetry in Z. apply Rmult_integral in Z. lra. }
  destruct items as [|[|positive support|] rest]; try discriminate.
  - destruct (read_rows _ _ _ _ _ _ (1%Q :: factors) _ _ _) as [[[a rest'] k']|] eqn:HA; [|discriminate].
    destruct (read_rows _ _ _ _ _ _ (s' :: factors) _ _ _) as [[[b rest''] k'']|] eqn:HB; [|discriminate].
    injection H as <- <- <-. destruct (Side true _ _ _ _ _ HA) as [A1 A2]. destruct (Side false _ _ _ _ _ HB) as [B1 B2].
    split; [|intros c [C|C]; auto]. destruct (signed_or r) as [S|S].
    + destruct (A1 S) as (c & C & Y). exists c. split; [left; exact C|exact Y].
    + destruct (B1 S) as (c & C & Y). exists c. split; [right; exact C|exact Y].
  - destruct (all_functions _ support) as [functions|] eqn:F; [|discriminate].
    destruct (positive_dependency _) eqn:D; [|discriminate]. destruct (Side positive _ _ _ _ _ H) as [Y1 Y2]. split; [|exact Y2].
    apply Y1. assert (S := one_sign P seen positive support functions z K F D). rewrite Z, signed_times in S.
    apply Rmult_le_reg_l with (IZR e); lra.
Qed.

Lemma rows_of_layer : forall e rows l, Forall2 (fun row a => idot row p = IZR e * snd a) rows l ->
  Forall2 (row_at e) (combine rows (map fst l)) l.
Proof.
  induction 1 as [|row a rows l H _ IH]; [constructor|]. cbn [map combine].
  constructor; [split; [reflexivity|exact H]|exact IH].
Qed.

Lemma read_layers_follows : forall N layers, Forall2 (fun L layer => integer_layer_of L = Some layer) N layers ->
  forall inputs d v, values_at p d inputs v -> follows (layers_reader layers inputs d) (neuron_values N v) (network_value N v).
Proof.
  unfold layers_reader. induction 1 as [|L layer N layers HL _ IH]; intros inputs d v V.
  - apply read_cell_follows, V.
  - intros P seen items cells t items' cells' K H. cbn [read_layers] in H.
    destruct (pre_activations n layer inputs d) as [rows e] eqn:PA.
    destruct (pre_activations_spec n x L layer inputs d rows e v HL PA V) as [E R].
    cbn [neuron_values network_value].
    refine (read_rows_follows e _ (neuron_values N (point_of (layer_value L v))) _ E _
      _ (sloped L v) _ [] [] _ _ _ _ _ _ _ _ _ K H).
    + intros factors P0 items0 cells0 t0 items0' cells0' H0. cbv beta in H0.
      destruct (activations rows e (rev factors)) as [[rows' e']|]; [|discriminate].
      apply (read_layers_grows _ _ _ _ _ _ _ _ _ H0).
    + apply integer_layer_of_spec in HL as (_ & _ & ->). replace (map slope L) with (map fst (sloped L v)).
      * apply rows_of_layer, R.
      * unfold sloped. rewrite map_map. reflexivity.
    + constructor.
    + intros factors F P0 seen0 items0 cells0 t0 items0' cells0' K0 H0. cbv beta in H0.
      destruct (activations rows e (rev factors)) as [[rows' e']|] eqn:A; [|discriminate].
      refine (IH rows' e' _ _ P0 seen0 _ _ _ _ _ K0 H0). rewrite layer_value_sloped.
      apply (activations_spec p rows e (rev factors) rows' e' (sloped L v) A (conj E R)).
      rewrite app_nil_r in F. rewrite <- (rev_involutive (sloped L v)). apply Forall2_reversed, F.
Qed.

End Sound.
