(** Rule "cell-pairs": cells that cover the domain, on each of which a network is affine, and every pair of them. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Networks Streams Integers Rows Domains Elimination Combinations.
From Proof.networks Require Import Dependencies Intervals Pieces Cells CellsCover.
Import ListNotations.
Open Scope Z_scope.

(** The sum of the functions of those neurons whose signs differ. *)
Fixpoint differing (p q : list (bool * list Z)) : list Z :=
  match p, q with
  | (a, f) :: p', (b, _) :: q' => if Bool.eqb a b then differing p' q' else added (differing p' q') 1 f
  | _, _ => []
  end.

(** The equations A_P x + c_P t = A_Q y + c_Q t as rows for (t, x, y). *)
Fixpoint pair_rows (n : nat) (a : list (list Z)) (d : Z) (b : list (list Z)) (e : Z) : list (list Z) :=
  match a, b with
  | row :: a', row' :: b' =>
      let rest := pair_rows n a' d b' e in
      if has_length n (tl row) then
        ((hd 0 row * e - hd 0 row' * d) :: map (fun k => e * k) (tl row) ++ map (fun k => - d * k) (tl row')) :: rest
      else rest
  | _, _ => []
  end.

Section Walk.

Variable n : nat.
Variable neurons : Z.
Variable limits : list (list Z).
Variable one_number : Z.

Definition left_function (p q : cell) (i : Z) : option (list Z) :=
  if i =? one_number + 1 then Some (differing (known (region p)) (known (region q)))
  else function_of n neurons limits one_number (region p) i.

(** Functions of x, and of y, as forms in (t, x, y). *)
Definition left_form (f : list Z) : list Z := f ++ repeat 0 n.
Definition right_form (f : list Z) : list Z := hd 0 f :: repeat 0 n ++ tl f.

(** One of the last two numbers. *)
Definition is_last (i : Z) : bool := (i =? one_number) || (i =? one_number + 1).

(** Whether the supports show that no two points of the cells share an output. *)
Definition apart (p q : cell) (support support' : list Z) : outcome bool :=
  if negb (existsb is_last support) || existsb is_last support' then Good false
  else
    match all_functions (left_function p q) support,
      all_functions (function_of n neurons limits one_number (region q)) support' with
    | Bad why, _ | Good _, Bad why => Bad why
    | Good functions, Good functions' =>
        let size := S (n + n) in
        let forms := map left_form functions ++ map right_form functions' in
        let Y := kernel_of size (pair_rows n (outputs p) (output_denominator p) (outputs q) (output_denominator q)) in
        Good (forallb (has_length size) forms && positive_dependency (map (fun form => products form Y) forms))
    end.

Definition pair_items := stream (list Z * list Z).

Definition read_pair (p q : cell) (i j : Z) (items : pair_items) : outcome pair_items :=
  match items with
  | Done => Bad PairsEnd
  | More (support, support') rest =>
      match apart p q support support' with
      | Good true => Good rest
      | Good false => Bad (PairNotApart i j)
      | Bad why => Bad why
      end
  end.

Definition both (first second : pair_items -> outcome pair_items) (items : pair_items) : outcome pair_items :=
  match first items with Good rest => second rest | Bad why => Bad why end.

(** The cells of one tree with those of another one. *)
Fixpoint visit (u : cell_tree) : cell_tree -> pair_items -> outcome pair_items :=
  fix with_other (v : cell_tree) : pair_items -> outcome pair_items := fun items =>
    if disjoint (intervals_of u) (intervals_of v) then Good items
    else
      match u, v with
      | Leaf p i _, Leaf q j _ => read_pair p q i j items
      | Branch a b _ _, Leaf _ _ _ => both (visit a v) (visit b v) items
      | Leaf _ _ _, Branch a b _ _ => both (with_other a) (with_other b) items
      | Branch a b k _, Branch a' b' k' _ =>
          if k' <=? k then both (visit a v) (visit b v) items else both (with_other a') (with_other b') items
      end.

(** The cells of one tree with each other. *)
Fixpoint visit_within (t : cell_tree) (items : pair_items) : outcome pair_items :=
  match t with
  | Leaf _ _ _ => Good items
  | Branch a b _ _ => both (visit_within a) (both (visit a b) (visit_within b)) items
  end.

End Walk.

Definition integer_direction (direction : list Q) : option (list Z) := option_map fst (over_one_denominator direction).

Definition check_cell_pairs (n : nat) (K : domain) (N : list (list sloped_row)) (directions : list (list Q))
  (cells : stream cell_item) (pairs : stream (list Z * list Z)) : outcome unit :=
  match N with
  | [] => Bad WrongShape
  | _ =>
      if widths_fit n N && forallb (has_length (output_width n N)) directions then
        match integer_domain_of n K with
        | None => Bad WrongDomain
        | Some IK =>
            match domain_functions n IK, all_of integer_layer_of N, all_of integer_direction directions with
            | None, _, _ => Bad CellsDomain
            | Some limits, Some layers, Some integer_directions =>
                let neurons := neuron_count N in
                let one_number := neurons + Z.of_nat (length limits) in
                match read_layers n neurons limits one_number integer_directions layers (coordinates n) 1
                  (Pattern [] 0) cells 0 with
                | Bad why => Bad why
                | Good (_, More _ _, _) => Bad CellsGoOn
                | Good (t, Done, _) =>
                    match visit_within n neurons limits one_number t pairs with
                    | Bad why => Bad why
                    | Good (More _ _) => Bad PairsGoOn
                    | Good Done => Good tt
                    end
                end
            | _, _, _ => Bad WrongShape
            end
        end
      else Bad WrongShape
  end.

Open Scope R_scope.

(** x, and behind its n coordinates y. *)
Fixpoint joint (n : nat) (x y : point) : point :=
  match n with O => y | S n' => cons (x 0%nat) (joint n' (fun j => x (S j)) y) end.

Lemma idot_joint : forall a b x y, idot (a ++ b) (joint (length a) x y) = idot a x + idot b y.
Proof.
  induction a as [|k a IH]; intros b x y; cbn [app length joint]; [simpl; ring|].
  rewrite idot_cons, IH. cbn [idot]. ring.
Qed.

Lemma zeros_value : forall k x, idot (repeat 0%Z k) x = 0.
Proof. intros k x. apply zeros_idot. induction k; [reflexivity|]. exact IHk. Qed.

Lemma hd_tl_value : forall f t x, idot f (cons t x) = IZR (hd 0%Z f) * t + idot (tl f) x.
Proof. intros [|a f] t x; [simpl; ring|]. apply idot_cons. Qed.

Lemma left_form_value : forall n f x y, length (left_form n f) = S (n + n) ->
  idot (left_form n f) (cons 1 (joint n x y)) = idot f (cons 1 x).
Proof.
  intros n f x y L. unfold left_form in *. rewrite app_length, repeat_length in L. destruct f as [|a f]; [simpl in L; lia|].
  assert (E : length f = n) by (simpl in L; lia). cbn [app]. rewrite !idot_cons, <- E, idot_joint, zeros_value. ring.
Qed.

Lemma right_form_value : forall n f x y, idot (right_form n f) (cons 1 (joint n x y)) = idot f (cons 1 y).
Proof.
  intros n f x y. unfold right_form. rewrite idot_cons, hd_tl_value.
  rewrite <- (repeat_length 0%Z n) at 2. rewrite idot_joint, zeros_value. ring.
Qed.

(** The equations hold for (1, x, y) if the outputs at x and y are the same. *)
Lemma pair_rows_value : forall n x y d e a b v, values_at (cons 1 x) d a v -> values_at (cons 1 y) e b v ->
  forall w, In w (pair_rows n a d b e) -> idot w (cons 1 (joint n x y)) = 0.
Proof.
  intros n x y d e. induction a as [|row a IH]; intros b v [D A] [E B] w W; [destruct W|].
  destruct b as [|row' b]; [destruct W|]. cbn [pair_rows] in W.
  assert (R : In w (pair_rows n a d b e) -> idot w (cons 1 (joint n x y)) = 0).
  { apply (IH b (fun j => v (S j))); (split; [assumption|]); intro j; [apply (A (S j))|apply (B (S j))]. }
  destruct (has_length n (tl row)) eqn:L; [|apply R, W]. destruct W as [<-|W]; [|apply R, W].
  apply has_length_spec in L. assert (LM : length (map (fun k => (e * k)%Z) (tl row)) = n) by (rewrite map_length; exact L).
  specialize (A 0%nat). specialize (B 0%nat). cbn [nth] in A, B. rewrite hd_tl_value in A, B.
  rewrite idot_cons. rewrite <- LM at 1. rewrite idot_joint, !idot_scaled, minus_IZR, !mult_IZR, opp_IZR.
  replace (idot (tl row) x) with (IZR d * v 0%nat - IZR (hd 0%Z row)) by lra.
  replace (idot (tl row') y) with (IZR e * v 0%nat - IZR (hd 0%Z row')) by lra. ring.
Qed.

(** If the functions of the neurons whose signs differ have the sum 0, the neurons have the other signs as well. *)
Lemma differing_value : forall p ks zs, Forall2 (kept p) ks zs -> forall ks', length ks' = length zs ->
  0 <= idot (differing ks ks') p /\ (idot (differing ks ks') p <= 0 -> Forall2 fits ks' zs).
Proof.
  intros p ks zs K. induction K as [|[a f] z ks zs H _ IH]; intros ks' L; (destruct ks' as [|[b g] ks']; try discriminate L).
  - split; [simpl; lra|]. intros _. constructor.
  - injection L as L. destruct (IH ks' L) as [A B]. cbn [differing]. assert (N := kept_nonnegative _ _ _ H). cbn [snd] in N.
    destruct H as (F & c & C & E). unfold fits in F. cbn [fst snd] in *. destruct (Bool.eqb a b) eqn:S.
    + apply Bool.eqb_prop in S as <-. split; [exact A|]. intro T. constructor; [exact F|apply B, T].
    + rewrite idot_added, Rmult_1_l. split; [lra|]. intro T. constructor; [|apply B; lra].
      replace (idot f p) with 0 in E by lra. rewrite Rmult_0_r in E. unfold fits. cbn [fst].
      destruct a, b; cbn [signed] in *; try discriminate; lra.
Qed.

Section Sound.

Variable n : nat.
Variable K : domain.
Variable neurons : Z.
Variable limits : list (list Z).
Variable one_number : Z.
Variable directions : list (list Z).
(** The pre-activations of all neurons at a point, the last one first, and the output. *)
Variable signs_at : point -> list R.
Variable value_at : point -> point.
Hypothesis limits_hold : forall x f, inside n K x -> In f limits -> 0 <= idot f (cons 1 x).
Hypothesis counts : forall x y, length (signs_at x) = length (signs_at y).

Definition lies (x : point) (c : cell) : Prop := inside n K x /\ lies_in (cons 1 x) c (signs_at x) (value_at x).

(** Whatever has the signs of the cell lies in it, and no two points of it have the same output. *)
Definition sound_cell (c : cell) : Prop :=
  (forall x, inside n K x -> Forall2 fits (known (region c)) (signs_at x) -> lies x c) /\
  kernel_of n (map (@tl Z) (outputs c)) = [].

(** No two points of the cells have the same output. *)
Definition settled (c c' : cell) : Prop := forall x y, lies x c -> lies y c' -> value_at x = value_at y -> same n x y.

Lemma settled_symmetric : forall c c', settled c c' -> settled c' c.
Proof. intros c c' S x y X Y E j J. symmetry. apply (S y x Y X (eq_sym E) j J). Qed.

Lemma settled_itself : forall c, sound_cell c -> settled c c.
Proof.
  intros c (_ & R) x y (_ & _ & D & X) (_ & _ & _ & Y) E j J.
  assert (V : vanishes n (fun j => x j - y j)).
  { apply spanned_by_none. rewrite <- R. apply kernel_of_spans. intros w W _. apply in_map_iff in W as (row & <- & W).
    apply (In_nth _ _ []) in W as (i & _ & <-). specialize (X i). specialize (Y i). rewrite <- E in Y.
    rewrite hd_tl_value in X, Y. rewrite idot_minus. lra. }
  assert (Z := vanishes_same n _ V j J). cbv beta in Z. lra.
Qed.

Theorem apart_settled : forall p q support support', sound_cell q ->
  apart n neurons limits one_number p q support support' = Good true -> settled p q.
Proof.
  intros p q support support' Q H x y X Y E. unfold apart in H.
  destruct (existsb (is_last one_number) support) eqn:LAST; [|discriminate].
  destruct (existsb (is_last one_number) support'); [discriminate|]. cbn [negb orb] in H.
  destruct (all_functions _ support) as [functions|] eqn:A; [|discriminate].
  destruct (all_functions _ support') as [functions'|] eqn:A'; [|discriminate].
  set (forms := map (left_form n) functions ++ map (right_form n) functions') in H.
  destruct (forallb (has_length (S (n + n))) forms) eqn:L; [|discriminate]. cbn [andb] in H. injection H as H.
  rewrite forallb_forall in L.
  destruct X as (IX & KX & VX). destruct Y as (IY & KY & VY).
  assert (LQ : length (known (region q)) = length (signs_at x)).
  { rewrite (counts x y). apply (Forall2_same_length _ _ _ _ _ KY). }
  destruct (differing_value _ _ _ KX (known (region q)) LQ) as [DN DF].
  set (u := cons 1 (joint n x y)) in *.
  assert (N : forall f, In f functions -> 0 <= idot f (cons 1 x)).
  { intros f F. apply all_functions_spec in A. destruct (Forall2_in_right _ _ _ _ _ A f F) as (i & _ & I).
    unfold left_function in I. destruct (i =? one_number + 1)%Z; [injection I as <-; exact DN|].
    apply (function_of_nonnegative n neurons limits one_number x (fun g => limits_hold x g IX) _ _ _ _ KX I). }
  assert (N' := functions_nonnegative n neurons limits one_number y (fun g => limits_hold y g IY) _ _ _ _ KY A').
  assert (LF : forall form, In form forms -> length form = S (n + n)) by (intros form F; apply has_length_spec, L, F).
  assert (Z : forall form, In form forms -> idot form u = 0).
  { apply (positive_dependency_spanned (S (n + n)) _ forms u H).
    - apply kernel_of_spans. intros w W _. rewrite <- E in VY. apply (pair_rows_value n x y _ _ _ _ _ VX VY w W).
    - exact LF.
    - intros form F. assert (F' := F). apply in_app_or in F' as [F'|F']; apply in_map_iff in F' as (f & <- & I).
      + unfold u. rewrite left_form_value by (apply LF, F). apply N, I.
      + unfold u. rewrite right_form_value. apply N', I. }
  assert (ZL : forall f, In f functions -> idot f (cons 1 x) = 0).
  { intros f F. assert (IF : In (left_form n f) forms) by (apply in_or_app; left; apply in_map, F).
    rewrite <- (left_form_value n f x y) by (apply LF, IF). apply Z, IF. }
  apply existsb_exists in LAST as (i & I & LI). apply all_functions_spec in A.
  destruct (Forall2_in_left _ _ _ _ _ A i I) as (f & F & S). specialize (ZL f F). unfold left_function in S.
  unfold is_last in LI. destruct (i =? one_number + 1)%Z eqn:IS.
  - injection S as <-. apply (settled_itself q Q x y); [|split; [exact IY|split; assumption]|exact E].
    apply Q; [exact IX|]. apply DF. lra.
  - rewrite Bool.orb_false_r in LI. unfold function_of in S. rewrite LI in S. injection S as <-.
    rewrite idot_constant in ZL. lra.
Qed.

Definition sound_tree (t : cell_tree) : Prop :=
  made n neurons limits one_number directions t /\ forall c, leaf t c -> sound_cell c.

Lemma sound_sides : forall a b k I, sound_tree (Branch a b k I) -> sound_tree a /\ sound_tree b.
Proof.
  intros a b k I [M C]. inversion M; subst. cbn [leaf] in C. split; (split; [assumption|]); intros c L; apply C; auto.
Qed.

Lemma disjoint_settled : forall t t' c c', sound_tree t -> sound_tree t' -> disjoint (intervals_of t) (intervals_of t') = true ->
  leaf t c -> leaf t' c' -> settled c c'.
Proof.
  intros t t' c c' [M _] [M' _] D L L' x y (IX & X) (IY & Y) E. exfalso.
  apply (disjoint_sound _ _ (made_proper _ _ _ _ _ _ M) (made_proper _ _ _ _ _ _ M') D directions (value_at x)).
  - apply (made_within n neurons limits one_number directions x (fun g => limits_hold x g IX) t c _ _ M L X).
  - rewrite E. apply (made_within n neurons limits one_number directions y (fun g => limits_hold y g IY) t' c' _ _ M' L' Y).
Qed.

Lemma both_good : forall first second items rest, both first second items = Good rest ->
  exists middle, first items = Good middle /\ second middle = Good rest.
Proof.
  intros first second items rest H. unfold both in H. destruct (first items) as [middle|]; [|discriminate].
  exists middle. auto.
Qed.

Lemma read_pair_settled : forall p q i j items rest, sound_cell q ->
  read_pair n neurons limits one_number p q i j items = Good rest -> settled p q.
Proof.
  intros p q i j items rest Q H. unfold read_pair in H. destruct items as [|[support support'] items]; [discriminate|].
  destruct (apart _ _ _ _ p q support support') as [[|]|] eqn:A; try discriminate. apply (apart_settled _ _ _ _ Q A).
Qed.

Lemma visit_settled : forall u, sound_tree u -> forall v, sound_tree v -> forall items rest,
  visit n neurons limits one_number u v items = Good rest -> forall c c', leaf u c -> leaf v c' -> settled c c'.
Proof.
  induction u as [p i I|a IHa b IHb k I]; intros U; induction v as [q j J|a' IHa' b' IHb' k' J]; intros V items rest H c c' C C';
    cbn [visit] in H;
    match type of H with (if ?D then _ else _) = _ => destruct D eqn:DJ end;
    try (apply (disjoint_settled _ _ c c' U V DJ C C')).
  - cbn [leaf] in C, C'. subst c c'. apply (read_pair_settled _ _ _ _ _ _ (proj2 V q eq_refl) H).
  - destruct (sound_sides _ _ _ _ V) as [Va Vb]. apply both_good in H as (middle & HA & HB).
    destruct C' as [C'|C']; [apply (IHa' Va _ _ HA _ _ C C')|apply (IHb' Vb _ _ HB _ _ C C')].
  - destruct (sound_sides _ _ _ _ U) as [Ua Ub]. apply both_good in H as (middle & HA & HB).
    destruct C as [C|C]; [apply (IHa Ua _ V _ _ HA _ _ C C')|apply (IHb Ub _ V _ _ HB _ _ C C')].
  - destruct (k' <=? k)%Z; apply both_good in H as (middle & HA & HB).
    + destruct (sound_sides _ _ _ _ U) as [Ua Ub].
      destruct C as [C|C]; [apply (IHa Ua _ V _ _ HA _ _ C C')|apply (IHb Ub _ V _ _ HB _ _ C C')].
    + destruct (sound_sides _ _ _ _ V) as [Va Vb].
      destruct C' as [C'|C']; [apply (IHa' Va _ _ HA _ _ C C')|apply (IHb' Vb _ _ HB _ _ C C')].
Qed.

Lemma visit_within_settled : forall t, sound_tree t -> forall items rest,
  visit_within n neurons limits one_number t items = Good rest -> forall c c', leaf t c -> leaf t c' -> settled c c'.
Proof.
  induction t as [p i I|a IHa b IHb k I]; intros T items rest H c c' C C'; cbn [visit_within] in H.
  - cbn [leaf] in C, C'. subst c c'. apply settled_itself, (proj2 T p eq_refl).
  - destruct (sound_sides _ _ _ _ T) as [Ta Tb]. apply both_good in H as (middle & HA & H).
    apply both_good in H as (middle' & HX & HB). assert (X := visit_settled a Ta b Tb _ _ HX).
    destruct C as [C|C], C' as [C'|C'].
    + apply (IHa Ta _ _ HA _ _ C C').
    + apply (X _ _ C C').
    + apply settled_symmetric, (X _ _ C' C).
    + apply (IHb Tb _ _ HB _ _ C C').
Qed.

End Sound.

Lemma neuron_values_count : forall N v v', length (neuron_values N v) = length (neuron_values N v').
Proof.
  induction N as [|L N IH]; intros v v'; [reflexivity|]. cbn [neuron_values]. rewrite !app_length. f_equal; [|apply IH].
  clear. unfold neurons_in, sloped. induction L as [|u L IH]; [reflexivity|]. cbn [map filter fst].
  destruct (negb (is_one (slope u))); cbn [map length]; rewrite IH; reflexivity.
Qed.

Lemma network_value_beyond : forall N L v k j, (last (map (@length sloped_row) (L :: N)) k <= j)%nat ->
  network_value (L :: N) v j = 0.
Proof.
  induction N as [|L' N IH]; intros L v k j J.
  - cbn [network_value]. unfold point_of. apply nth_overflow. unfold layer_value. rewrite map_length. exact J.
  - cbn [network_value]. apply (IH L' _ k). exact J.
Qed.

Theorem check_cell_pairs_sound : forall n K N directions cells pairs,
  check_cell_pairs n K N directions cells pairs = Good tt -> network_injective n K N.
Proof.
  intros n K N directions cells pairs H. unfold check_cell_pairs in H. destruct N as [|L N]; [discriminate|].
  destruct (widths_fit n (L :: N) && _)%bool eqn:W; [|discriminate]. apply andb_prop in W as [W _].
  destruct (integer_domain_of n K) as [IK|] eqn:D; [|discriminate]. apply integer_domain_of_spec in D.
  destruct (domain_functions n IK) as [limits|] eqn:DF; [|discriminate].
  destruct (all_of integer_layer_of (L :: N)) as [layers|] eqn:AL; [|discriminate]. apply all_of_spec in AL.
  destruct (all_of integer_direction directions) as [ds|]; [|discriminate].
  set (neurons := neuron_count (L :: N)) in H. set (one_number := (neurons + Z.of_nat (length limits))%Z) in H.
  destruct (read_layers _ _ _ _ _ _ _ _ _ _ _) as [[[t [|? ?]] ?]|] eqn:R; try discriminate.
  destruct (visit_within _ _ _ _ t pairs) as [[|? ?]|] eqn:V; try discriminate. clear H.
  assert (LH := domain_functions_spec n K IK limits D DF).
  pose (signs_at := fun x => rev (neuron_values (L :: N) (shortened n x))).
  pose (value_at := fun x => network_value (L :: N) (shortened n x)).
  destruct (read_layers_grows _ _ _ _ _ _ _ _ _ _ _ _ _ _ R) as [M _].
  assert (F : forall x, inside n K x ->
    (exists c, leaf t c /\ lies n K signs_at value_at x c) /\
    forall c, leaf t c -> Forall2 fits (known (region c)) (signs_at x) -> lies n K signs_at value_at x c).
  { intros x X.
    assert (Y := read_layers_follows n neurons limits one_number ds x (fun f I => LH x f X I) (L :: N) layers AL
      (coordinates n) 1%Z (shortened n x) (coordinates_spec n x) (Pattern [] 0) [] _ _ _ _ _ (Forall2_nil _) R).
    rewrite app_nil_r in Y. destruct Y as [(c & C & Y) Y']. split; [exists c; repeat (split; [assumption|]); exact Y|].
    intros c' C' S. split; [exact X|]. apply (Y' c' C' S). }
  intros x y X Y E.
  destruct (F x X) as [(c & C & LX) _]. destruct (F y Y) as [(c' & C' & LY) _].
  refine (visit_within_settled n K neurons limits one_number ds signs_at value_at LH _ t _ _ _ V c c' C C' x y LX LY _).
  - intros u v. unfold signs_at. rewrite !rev_length. apply neuron_values_count.
  - split; [exact M|]. intros q Q. split; [intros u U; apply (F u U), Q|]. apply (made_full_rank _ _ _ _ _ t q M Q).
  - unfold value_at. rewrite !network_value_shortened by exact W.
    apply FunctionalExtensionality.functional_extensionality. intro j.
    destruct (Nat.lt_ge_cases j (output_width n (L :: N))) as [J|J]; [apply E, J|].
    rewrite !(network_value_beyond N L _ n j J). reflexivity.
Qed.
