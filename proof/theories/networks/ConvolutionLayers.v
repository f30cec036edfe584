(** Layers of a graph that are a convolution at a size, which boxes prove to be injective at all sizes. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals FMapPositive Lra Lia.
From Proof Require Import Layers Streams Integers Rows Tables Combinations ConvolutionChecker.
From Proof.convolution Require Import Convolutions Windows Geometry Unrolled.
From Proof.networks Require Import Graphs GraphForms FormsOfGraphs GraphRuns GraphIntervals EndsOfGraphs GraphEnds GraphLayers
  LayersOfGraphs GraphKnown.
Import ListNotations.
Open Scope Z_scope.

Record convolution_layer := ConvolutionLayer {
  convolution_output : Z; convolution_source : Z; convolution_columns : list Z; convolution_codes : list Z;
  convolution_domain : domain;
  the_convolution : convolution; minimum_sizes : list Z; size_residues : list (list Z); at_size : list Z;
  boxes_evidence : delayed convolution_evidence }.

(** Whether the size is among those of the proof. *)
Fixpoint is_among (axes : list axis) (minimum : list Z) (residues : list (list Z)) (N : list Z) : bool :=
  match axes, minimum, residues, N with
  | [], [], [], [] => true
  | a :: axes', least :: minimum', r :: residues', n :: N' =>
      (least <=? n) && existsb (fun k => k =? n mod stride a) r && is_among axes' minimum' residues' N'
  | _, _, _, _ => false
  end.

(** The places of the columns in their list. *)
Fixpoint column_places (number : Z) (columns : list Z) (m : PositiveMap.t Z) : PositiveMap.t Z :=
  match columns with
  | [] => m
  | j :: rest => column_places (number + 1) rest (PositiveMap.add (place j) number m)
  end.

(** The columns of the convolution as the only value of another graph, with the number 0: the parts of a form that are columns,
    with a sign, and the others, which are numbers, with the constant over d. *)
Fixpoint placed_parts (ends : ends_table) (source : Z) (places : PositiveMap.t Z) (sign : Z) (d : positive) (ps : list part) (c : Q)
  : option (list (list part) * Q) :=
  match ps with
  | [] => Some ([], c)
  | p :: ps' =>
      let j := part_entry p in
      if (part_value p =? source) && (0 <=? j) then
        match PositiveMap.find (place j) places with
        | Some k =>
            match placed_parts ends source places sign d ps' c with
            | Some (rest, c') => Some ([Part 0 k (sign * part_factor p)] :: rest, c')
            | None => None
            end
        | None =>
            match one_number (interval_at ends source j) with
            | Some q => placed_parts ends source places sign d ps' (reduced (c + (sign * part_factor p # d) * q)%Q)
            | None => None
            end
        end
      else None
  end.

(** Parts over d and parts over e are the same. *)
Fixpoint same_parts (d e : Z) (ps qs : list part) : bool :=
  match ps, qs with
  | [], [] => true
  | p :: ps', q :: qs' =>
      (part_value p =? part_value q) && (part_entry p =? part_entry q) && (part_factor p * e =? part_factor q * d) &&
        same_parts d e ps' qs'
  | _, _ => false
  end.

Definition singles (ps : list part) : list (list part) := map (fun p => [p]) ps.

(** Whether a row that is told is the one of the convolution. *)
Definition is_row_of (ends : ends_table) (source : Z) (places : PositiveMap.t Z) (sign : Z) (shift : Q)
  (f other : form) : option bool :=
  let d := form_denominator f in
  let e := form_denominator other in
  match placed_parts ends source places sign (Z.to_pos d) (parts f) (reduced ((sign * form_constant f # Z.to_pos d) + shift)%Q) with
  | None => None
  | Some (sums, c) =>
      let qs := singles (parts other) in
      Some ((0 <? d) && (0 <? e) && (Qnum c * e =? form_constant other * Zpos (Qden c))
            && same_parts d e (merged_all sums sums) (merged_all qs qs))
  end.

Fixpoint rows_fault (P : prepared_graph) (forms : table value_forms) (output z n source : Z) (slopes : table Q)
  (places : PositiveMap.t Z) (number : Z) (codes : list Z) (others : list (delayed form)) : option graph_fault :=
  match codes, others with
  | [], [] => None
  | code :: rest, g :: others' =>
      match row_function P output n code with
      | None => Some (NoSuchBound number)
      | Some (sign, i, shift) =>
          if is_told (told_at P output slopes i) sign shift then
            match form_of forms z i with
            | None => Some NotWellFormed
            | Some f =>
                match is_row_of (the_ends P) source places sign shift f (force g) with
                | None => Some (OutsideColumns number)
                | Some false => Some (OtherRow number)
                | Some true => rows_fault P forms output z n source slopes places (number + 1) rest others'
                end
            end
          else Some (NotTold number)
      end
  | _, _ => Some NotAsMany
  end.

(** Whether an entry with these ends is in a channel of the domain. *)
Definition inside_channel (K : domain) (i : nat) (e : interval) : bool :=
  match K with
  | Space => true
  | Orthant => is_nonnegative_end (low_end e)
  | Box lower upper =>
      match low_end e, high_end e with
      | Some a, Some b => at_most (nth i lower 0%Q) a && at_most b (nth i upper 0%Q)
      | _, _ => false
      end
  | _ => false
  end.

Definition number_in (N : list Z) (c : column) : Z := place_number (Z.of_nat (fst c)) N (snd c).

Fixpoint channel_fault (K : domain) (ends : ends_table) (source : Z) (columns : table Z) (N : list Z) (number : Z)
  (cols : list column) : option graph_fault :=
  match cols with
  | [] => None
  | c :: rest =>
      match entry columns (number_in N c) with
      | None => Some NotWellFormed
      | Some j =>
          if inside_channel K (fst c) (interval_at ends source j) then channel_fault K ends source columns N (number + 1) rest
          else Some (match K with Orthant => NegativeColumn | _ => ColumnOutside number end)
      end
  end.

Definition convolution_domain_fault (K : domain) (ends : ends_table) (source : Z) (columns : list Z) (N : list Z)
  (cols : list column) : option graph_fault :=
  match K with
  | Space => None
  | Orthant | Box _ _ => channel_fault K ends source (with_entries no_entries columns) N 0 cols
  | _ => Some LayerDomain
  end.

Definition by_boxes (e : convolution_evidence) : bool := match e with ByBoxes _ _ _ => true | _ => false end.

Definition boxes_fault (C : convolution) (K : domain) (S : sizes) (e : convolution_evidence) : option graph_fault :=
  if by_boxes e then match check_convolution C K S e with Accepted => None | Refused why => Some (OfBoxesProof why) end
  else Some NotWellFormed.

Definition convolution_fault (P : prepared_graph) (L : convolution_layer) : option graph_fault :=
  let source := convolution_source L in
  let columns := convolution_columns L in
  let C := the_convolution L in
  let N := at_size L in
  let K := convolution_domain L in
  match layer_column_set P source columns with
  | Wrong why => Some why
  | Right _ =>
      if negb (is_among (axes C) (minimum_sizes L) (size_residues L) N) then Some SizeNotAmong
      else
        let n := fold_left Z.mul N (Z.of_nat (in_channels C)) in
        let m := fold_left Z.mul (map (fun p =>
          window_count (fst p) (snd p)) (combine (axes C) N)) (Z.of_nat (groups C * outputs C)) in
        if negb ((Z.of_nat (length columns) =? n) && (Z.of_nat (length (convolution_codes L)) =? m)) then Some NotAsMany
        else
          let cols := layer_columns C N in
          match convolution_domain_fault K (the_ends P) source columns N cols with
          | Some why => Some why
          | None =>
              let z := told_value P (convolution_output L) in
              let set := set_of (map (number_in N) cols) in
              match entry (the_sizes P) z, forallb (is_column set) (numbers (Z.of_nat (length columns))) with
              | Some size, true =>
                  match rows_fault P (forms_of (the_sizes P) (the_graph P)) (convolution_output L) z size source
                          (slopes_of_value P (convolution_output L)) (column_places 0 columns (PositiveMap.empty Z)) 0
                            (convolution_codes L)
                          (convolution_forms C N 0 (map (start (axes C)) (windows (axes C) N)) (all_taps C)) with
                  | Some why => Some why
                  | None => boxes_fault C K (ManySizes (minimum_sizes L) (size_residues L)) (force (boxes_evidence L))
                  end
              | _, _ => Some NotWellFormed
              end
          end
  end.

(** * Proof *)

Open Scope R_scope.

Lemma is_among_right : forall axes minimum residues N, is_among axes minimum residues N = true -> among_many axes minimum residues N.
Proof.
  induction axes as [|a axes IH]; intros [|least minimum] [|r residues] [|n N] H; cbn [is_among among_many] in *;
    try discriminate H; [exact I|].
  apply andb_prop in H as [H T]. apply andb_prop in H as [A B]. apply Z.leb_le in A. apply existsb_exists in B as (k & IK & B).
  apply Z.eqb_eq in B. subst k.
  split; [exact A|]. split; [exact IK|apply IH, T].
Qed.

Definition columns_value (V : Z -> list R) (source : Z) (columns : list Z) : list R := map (entry_at (V source)) columns.

Lemma column_places_spec : forall columns number m j k, (0 <= j)%Z -> (forall i, In i columns -> (0 <= i)%Z) ->
  PositiveMap.find (place j) (column_places number columns m) = Some k ->
  PositiveMap.find (place j) m = Some k \/ exists i, nth_error columns i = Some j /\ k = (number + Z.of_nat i)%Z.
Proof.
  induction columns as [|c columns IH]; intros number m j k J CP H; cbn [column_places] in H; [left; exact H|].
  destruct (IH _ _ j k J (fun i IN => CP i (or_intror IN)) H) as [F|(i & N & E)].
  - destruct (Pos.eq_dec (place j) (place c)) as [E|E].
    + rewrite E, PositiveMap.gss in F. injection F as <-. right. exists O. cbn [nth_error]. split; [|lia].
      f_equal. symmetry. apply place_same; [exact J|apply CP; left; reflexivity|exact E].
    + rewrite PositiveMap.gso in F by exact E. left. exact F.
  - right. exists (S i). cbn [nth_error]. split; [exact N|lia].
Qed.

Section Rows.

Variable V : Z -> list R.
Variable ends : ends_table.
Hypothesis ends_right : right_ends V ends.
Variable source : Z.
Variable columns : list Z.
Hypothesis columns_positive : forall j, In j columns -> (0 <= j)%Z.

Let places := column_places 0 columns (PositiveMap.empty Z).
Let U : Z -> list R := fun _ => columns_value V source columns.

Lemma place_value : forall j k, (0 <= j)%Z -> PositiveMap.find (place j) places = Some k -> entry_at (U 0%Z) k = entry_at (V source) j.
Proof.
  intros j k J H. apply column_places_spec in H; [|exact J|exact columns_positive]. destruct H as [F|(i & N & ->)].
  - rewrite PositiveMap.gempty in F. discriminate.
  - unfold U, columns_value, entry_at at 1. rewrite Z.add_0_l, Nat2Z.id. apply nth_error_nth. rewrite nth_error_map, N. reflexivity.
Qed.

Lemma placed_parts_value : forall sign d ps c sums c', placed_parts ends source places sign d ps c = Some (sums, c') ->
  sums_total U sums + IZR (Zpos d) * Q2R c' = IZR (Zpos d) * Q2R c + IZR sign * parts_sum V ps.
Proof.
  intros sign d. assert (D : 0 < IZR (Zpos d)) by (apply (IZR_lt 0); reflexivity).
  induction ps as [|p ps IH]; intros c sums c' H; cbn [placed_parts parts_sum] in *.
  - injection H as <- <-. cbn. ring.
  - destruct ((part_value p =? source) && (0 <=? part_entry p))%Z eqn:B; [|discriminate].
    apply andb_prop in B as [B1 B2]. apply Z.eqb_eq in B1. apply Z.leb_le in B2. rewrite B1.
    destruct (PositiveMap.find (place (part_entry p)) places) as [k|] eqn:F.
    + destruct (placed_parts ends source places sign d ps c) as [[rest c'']|] eqn:R; [|discriminate]. injection H as <- <-.
      apply IH in R. cbn [sums_total fold_right]. fold (sums_total U rest). cbn [parts_sum part_value part_entry part_factor].
      rewrite (place_value _ _ B2 F), mult_IZR. lra.
    + destruct (one_number (interval_at ends source (part_entry p))) as [q|] eqn:O; [|discriminate].
      apply IH in H. rewrite H, reduced_value, Q2R_plus, Q2R_mult.
      apply one_number_value with (2 := ends_right source (part_entry p)) in O.
      rewrite <- O. unfold Q2R at 2. cbn [Qnum Qden]. rewrite mult_IZR. field. lra.
Qed.

Lemma same_parts_value : forall d e ps qs, same_parts d e ps qs = true -> IZR e * parts_sum U ps = IZR d * parts_sum U qs.
Proof.
  intros d e. induction ps as [|p ps IH]; intros [|q qs] H; cbn [same_parts parts_sum] in *; try discriminate H; [ring|].
  apply andb_prop in H as [H T]. apply andb_prop in H as [H F]. apply andb_prop in H as [A B]. apply Z.eqb_eq in A, B, F.
  rewrite A, B, !Rmult_plus_distr_l, (IH qs T). f_equal. apply (f_equal IZR) in F. rewrite !mult_IZR in F.
  rewrite <- !Rmult_assoc. f_equal. lra.
Qed.

Lemma singles_total : forall ps, sums_total U (singles ps) = parts_sum U ps.
Proof. induction ps as [|p ps IH]; cbn; [reflexivity|]. unfold singles, sums_total in IH. rewrite IH. cbn. ring. Qed.

Lemma row_of_right : forall sign shift f other t g, is_row_of ends source places sign shift f other = Some true -> stands_for V f t ->
  would_stand U other g -> IZR sign * t + Q2R shift = g.
Proof.
  intros sign shift f other t g H [DP N] W. unfold is_row_of in H. set (d := Z.to_pos (form_denominator f)) in *.
  assert (ED : Zpos d = form_denominator f) by (apply Z2Pos.id, lt_IZR, DP).
  destruct (placed_parts _ _ _ _ _ _ _) as [[sums c]|] eqn:E; [|discriminate]. apply placed_parts_value in E. injection H as H.
  apply andb_prop in H as [H SP]. apply andb_prop in H as [H HC]. apply andb_prop in H as [_ HE]. apply Z.ltb_lt in HE.
  apply Z.eqb_eq in HC.
  assert (PE := IZR_lt _ _ HE). specialize (W PE). apply same_parts_value in SP. rewrite !merged_all_sum, singles_total in SP.
  unfold numerator in N, W. apply (f_equal IZR) in HC. rewrite !mult_IZR in HC. destruct (fraction_value c) as [VC PC].
  rewrite reduced_value, Q2R_plus, ED in E. unfold Q2R at 2 in E. cbn [Qnum Qden] in E. rewrite ED, mult_IZR in E.
  set (D := IZR (form_denominator f)) in *. set (F := IZR (form_denominator other)) in *. set (T := sums_total U sums) in *.
  assert (E1 : T + D * Q2R c = D * (IZR sign * t + Q2R shift)).
  { rewrite E. replace (D * (IZR sign * t + Q2R shift)) with (IZR sign * (D * t) + D * Q2R shift) by ring. rewrite <- N. field.
    lra. }
  assert (E2 : F * Q2R c = IZR (form_constant other)).
  { apply Rmult_eq_reg_r with (IZR (Z.pos (Qden c))); [|lra]. rewrite <- HC, <- VC. ring. }
  apply Rmult_eq_reg_l with (F * D); [|apply Rmult_integral_contrapositive_currified; lra].
  replace (F * D * (IZR sign * t + Q2R shift)) with (F * (D * (IZR sign * t + Q2R shift))) by ring. rewrite <- E1.
  replace (F * D * g) with (D * (F * g)) by ring. rewrite <- W.
  replace (F * (T + D * Q2R c)) with (F * T + D * (F * Q2R c)) by ring. rewrite SP, E2. ring.
Qed.

End Rows.

(** * Two runs *)

Lemma Forall2_flat_parts : forall A B C (Q : B -> C -> Prop) (f : A -> list B) (h : A -> list C) l,
  (forall a, length (f a) = length (h a)) -> Forall2 Q (flat_map f l) (flat_map h l) -> forall a, In a l -> Forall2 Q (f a) (h a).
Proof.
  induction l as [|b l IH]; intros L F a IA; [destruct IA|]. cbn [flat_map] in F.
  assert (G : forall (u : list B) (v : list C) u' v',
    length u = length v -> Forall2 Q (u ++ u') (v ++ v') -> Forall2 Q u v /\ Forall2 Q u' v').
  { induction u as [|s u IHu]; intros [|t v] u' v' E X; try discriminate E; cbn [app] in X; [split; [constructor|exact X]|].
    inversion X as [|? ? ? ? Q0 X']; subst. destruct (IHu v u' v' ltac:(cbn in E; lia) X') as [X1 X2].
    split; [constructor; assumption|exact X2]. }
  destruct (G _ _ _ _ (L b) F) as [F1 F2]. destruct IA as [<-|IA]; [exact F1|apply (IH L F2 a IA)].
Qed.

Lemma Forall2_map_parts : forall A B C (Q : B -> C -> Prop) (f : A -> B) (h : A -> C) l, Forall2 Q (map f l) (map h l) ->
  forall a, In a l -> Q (f a) (h a).
Proof.
  induction l as [|b l IH]; intros F a IA; [destruct IA|]. inversion F as [|? ? ? ? Q0 F']; subst.
  destruct IA as [<-|IA]; [exact Q0|apply (IH F' a IA)].
Qed.

Section Two.

Variable P : prepared_graph.
Variable I : interpretation.
Variables V W : Z -> list R.
Hypothesis run_V : run_of P I V.
Hypothesis run_W : run_of P I W.
Variables output source n : Z.
Hypothesis same_output : V output = W output.
Hypothesis output_size : entry (the_sizes P) (told_value P output) = Some n.
Variable columns : list Z.
Hypothesis columns_positive : forall j, In j columns -> (0 <= j)%Z.

Let UV : Z -> list R := fun _ => columns_value V source columns.
Let UW : Z -> list R := fun _ => columns_value W source columns.

Lemma rows_fault_right : forall codes number others gV gW,
  rows_fault P (forms_of (the_sizes P) (the_graph P)) output (told_value P output) n source (slopes_of_value P output)
    (column_places 0 columns (PositiveMap.empty Z)) number codes others = None ->
  right_entries UV others gV -> right_entries UW others gW -> Forall2 (fun a b => relu a = relu b) gV gW.
Proof.
  induction codes as [|code rest IH]; intros number others gV gW H FV FW; cbn [rows_fault] in H.
  - destruct others; [|discriminate]. inversion FV; inversion FW; subst. constructor.
  - destruct others as [|g others]; [discriminate|]. inversion FV as [|? a ? gV' WV FV']; subst.
    inversion FW as [|? b ? gW' WW FW']; subst.
    destruct (row_function P output n code) as [[[sign i] shift]|] eqn:F; [|discriminate].
    apply (row_function_entry P I V W run_V run_W output n output_size) in F.
    assert (T := told_right P I V W run_V run_W output n i same_output output_size F).
    destruct (is_told _ sign shift) eqn:IT; [|discriminate].
    destruct (form_of _ (told_value P output) i) as [f|] eqn:FO; [|discriminate].
    destruct (is_row_of _ _ _ _ _ f (force g)) as [[]|] eqn:R; try discriminate.
    constructor; [|apply (IH _ _ _ _ H FV' FW')].
    rewrite <- (row_of_right V _ (run_has_ends _ _ _ run_V) source columns columns_positive sign shift f (force g) _ a R
      (run_has_forms _ _ _ run_V _ _ _ FO) WV).
    rewrite <- (row_of_right W _ (run_has_ends _ _ _ run_W) source columns columns_positive sign shift f (force g) _ b R
      (run_has_forms _ _ _ run_W _ _ _ FO) WW).
    apply (is_told_right _ _ _ _ _ IT T).
Qed.

Lemma column_entry : forall (U : Z -> list R) p j, entry (with_entries no_entries columns) p = Some j ->
  entry_at (columns_value U source columns) p = entry_at (U source) j.
Proof.
  intros U p j H. apply entry_at_nth in H as [B H]. unfold columns_value, entry_at at 1. apply nth_error_nth.
  rewrite nth_error_map, H. reflexivity.
Qed.

Lemma channel_right : forall K N cols number,
  channel_fault K (the_ends P) source (with_entries no_entries columns) N number cols = None ->
  (K = Orthant \/ exists lower upper, K = Box lower upper) ->
  forall U, right_ends U (the_ends P) -> forall c, In c cols ->
    allowed K (fst c) (entry_at (columns_value U source columns) (number_in N c)).
Proof.
  intros K N. induction cols as [|c cols IH]; intros number H D U RU d ID; [destruct ID|]. cbn [channel_fault] in H.
  destruct (entry (with_entries no_entries columns) (number_in N c)) as [j|] eqn:E; [|discriminate].
  destruct (inside_channel K (fst c) (interval_at (the_ends P) source j)) eqn:B; [|discriminate].
  destruct ID as [<-|ID]; [|apply (IH _ H D U RU d ID)]. rewrite (column_entry U _ _ E).
  assert (L := RU source j). destruct D as [->|(lower & upper & ->)]; cbn [inside_channel allowed] in *.
  - apply (end_signs _ _ L), B.
  - destruct L as [L1 L2]. destruct (low_end _) as [a|]; [|discriminate]. destruct (high_end _) as [b|]; [|discriminate].
    apply andb_prop in B as [B1 B2]. assert (A1 := at_most_spec (nth (fst c) lower 0%Q) a).
    assert (A2 := at_most_spec b (nth (fst c) upper 0%Q)).
    rewrite B1 in A1. rewrite B2 in A2. lra.
Qed.

End Two.

Theorem convolution_right : forall P I V W L, convolution_fault P L = None -> run_of P I V -> run_of P I W ->
  V (convolution_output L) = W (convolution_output L) -> V (convolution_source L) = W (convolution_source L).
Proof.
  intros P I V W L H RV RW E. unfold convolution_fault in H.
  set (source := convolution_source L) in *. set (columns := convolution_columns L) in *. set (C := the_convolution L) in *.
  set (N := at_size L) in *. set (K := convolution_domain L) in *.
  destruct (layer_column_set P source columns) as [set|why] eqn:CS; [|discriminate].
  destruct (is_among (axes C) _ _ N) eqn:A; cbn [negb] in H; [|discriminate]. apply is_among_right in A.
  destruct (negb (_ && _)%bool) in H; [discriminate|].
  destruct (convolution_domain_fault K (the_ends P) source columns N (layer_columns C N)) eqn:D; [discriminate|].
  destruct (entry (the_sizes P) (told_value P (convolution_output L))) as [m|] eqn:M; [|discriminate].
  destruct (forallb _ (numbers _)) eqn:CV in H; [|discriminate].
  destruct (rows_fault _ _ _ _ _ _ _ _ _ _ _) eqn:R in H; [discriminate|].
  destruct (column_set_right _ _ _ _ CS) as (s & SN & B & _).
  assert (CP : forall j, In j columns -> (0 <= j)%Z) by (intros j J; apply B in J; lia).
  (* The convolution is injective at this size. *)
  assert (INJ : injective_at C K N).
  { unfold boxes_fault in H. destruct (by_boxes (force (boxes_evidence L))) eqn:BB; [|discriminate].
    destruct (check_convolution _ _ _ _) eqn:CC in H; [|discriminate]. destruct (force (boxes_evidence L)); try discriminate BB.
    apply (checker_of_convolutions_is_right _ _ _ _ CC N A). }
  set (UV := fun _ : Z => columns_value V source columns). set (UW := fun _ : Z => columns_value W source columns).
  assert (FV := affine_entries_right UV I 0 (ConvolutionStep C N) [0%Z] _ _ eq_refl eq_refl).
  assert (FW := affine_entries_right UW I 0 (ConvolutionStep C N) [0%Z] _ _ eq_refl eq_refl).
  assert (RR := rows_fault_right P I V W RV RW _ source m E M columns CP _ _ _ _ _ R FV FW). cbn [map step_value nth] in RR.
  set (x := picture_of_entries N (UV 0%Z)) in *. set (y := picture_of_entries N (UW 0%Z)) in *.
  assert (SO : same_outputs C N x y).
  { intros a q J GA GQ WJ.
    assert (IA : In a (seq 0 (groups C))) by (apply in_seq; lia). assert (IQ : In q (seq 0 (outputs C))) by (apply in_seq; lia).
    assert (R1 := Forall2_flat_parts _ _ _ _ _ _ _ (fun a => eq_trans (flat_map_length_same _ _ _ _ (seq 0 (outputs C)) (fun q =>
      map_length (g C N x a q) (windows (axes C) N)))
      (eq_sym (flat_map_length_same _ _ _ _ (seq 0 (outputs C)) (fun q => map_length (g C N y a q) (windows (axes C) N))))) RR a IA).
    assert (R2 := Forall2_flat_parts _ _ _ _ _ _ _ (fun q =>
      eq_trans (map_length (g C N x a q) (windows (axes C) N)) (eq_sym (map_length (g C N y a q) (windows (axes C) N)))) R1 q IQ).
    apply (Forall2_map_parts _ _ _ _ _ _ _ R2 J WJ). }
  assert (IN : forall U, run_of P I U -> within C N K (picture_of_entries N (columns_value U source columns))).
  { intros U RU i j IC IJ. assert (IM : In (i, j) (layer_columns C N)) by (apply in_columns; split; [lia|exact IJ]).
    unfold convolution_domain_fault in D. destruct K; try discriminate D; [exact Logic.I| |].
    - apply (channel_right P source columns Orthant N _ _ D (or_introl eq_refl) U (run_has_ends _ _ _ RU) (i, j) IM).
    - apply (channel_right P source columns (Box lower upper) N _ _ D (or_intror (ex_intro _ lower (ex_intro _ upper eq_refl))) U
      (run_has_ends _ _ _ RU) (i, j) IM). }
  assert (SI := INJ x y (IN V RV) (IN W RW) SO).
  apply (source_same P I V W source columns set RV RW CS). intros k KL.
  assert (VK : forall U, column_point U source columns k = entry_at (columns_value U source columns) (Z.of_nat k)).
  { intro U. unfold columns_value. symmetry. unfold entry_at at 1. rewrite Nat2Z.id. unfold column_point.
    rewrite (nth_indep _ 0 (entry_at (U source) 0%Z)) by (rewrite map_length; exact KL). apply map_nth. }
  rewrite !VK. rewrite forallb_forall in CV. specialize (CV (Z.of_nat k)).
  assert (NK : In (Z.of_nat k) (numbers (Z.of_nat (length columns)))) by (rewrite numbers_below; apply in_below; lia).
  apply CV in NK. apply in_set_of in NK; [|lia]. apply in_map_iff in NK as ([i j] & EC & IC). unfold layer_columns in IC.
  apply in_columns in IC as [IC IJ].
  specialize (SI i j ltac:(lia) IJ). unfold x, y, picture_of_entries in SI. unfold number_in in EC. cbn [fst snd] in EC.
  rewrite EC in SI. exact SI.
Qed.
